import { z } from "zod";
import { address } from "#lib/email-address.ts";
import { AppError } from "#lib/errors.ts";
import { count, filledText, text } from "#lib/http/fields.ts";
import { idParams, json, type Route, route } from "#lib/http/route.ts";
import { type NotificationRepository, notificationView } from "./repository.ts";

type Dependencies = {
  notifications: Pick<
    NotificationRepository,
    "send" | "list" | "markRead" | "markAllRead" | "email" | "setEmail"
  >;
};

const preferences = z.object({ email: address.nullable() });

const published = z.object({
  /** The reader: a user's id, or the owner of an API key. */
  userId: filledText(200),
  type: z
    .string()
    .max(63)
    .regex(/^[A-Za-z][A-Za-z0-9_]*$/, "must be letters, digits and _, for instance NEW_MESSAGE"),
  text: text(2000).optional(),
});

const listQuery = z.object({
  unread: z.enum(["true", "false"]).default("false"),
  limit: count(1, 200).default(50),
});

/**
 * Every requester gets only their own notifications, even an administrator, because a notification is for the person
 * that it names.
 */
export const notificationRoutes = ({ notifications }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/notifications",
    policy: "user",
    summary: "The requester's notifications, newest first; live as `event: notification` of /api/jobs/stream",
    query: listQuery,
    responses: { 200: z.object({ items: z.array(notificationView) }) },
    handler: async ({ query: { unread, limit }, requester }) =>
      json(200, { items: await notifications.list(requester.owner, { unread: unread === "true", limit }) }),
  }),
  route({
    method: "POST",
    path: "/api/notifications/:id/read",
    policy: "user",
    summary: "Read; a second time changes nothing",
    params: idParams,
    responses: { 200: notificationView },
    handler: async ({ params, requester }) => {
      const notification = await notifications.markRead(params.id, requester.owner);
      if (!notification) throw new AppError("not_found", "Notification not found");
      return json(200, notification);
    },
  }),
  route({
    method: "POST",
    path: "/api/notifications/read",
    policy: "user",
    summary: "Mark all of the requester's notifications as read, and say how many were unread",
    responses: { 200: z.object({ read: z.number() }) },
    handler: async ({ requester }) => json(200, { read: await notifications.markAllRead(requester.owner) }),
  }),
  route({
    method: "POST",
    path: "/api/notifications",
    // Users may not call this route, because a user could send another user a false notification.
    policy: "app",
    summary: "Notify a user, also live; once per Idempotency-Key",
    body: published,
    responses: { 201: z.object({ status: z.literal("published") }) },
    handler: async ({ body: { userId, type, text: words }, requester, idempotencyKey }) => {
      await notifications.send({
        owner: userId,
        type,
        ...(words === undefined ? {} : { data: { text: words } }),
        ...(idempotencyKey === undefined ? {} : { key: `${requester.id}:${idempotencyKey}` }),
      });
      return json(201, { status: "published" });
    },
  }),
  ...preferenceRoutes({ notifications }),
];

const preferenceRoutes = ({ notifications }: Dependencies): Route[] => [
  route({
    method: "GET",
    path: "/api/notifications/preferences",
    policy: "user",
    summary: "The address to which finished reports are mailed; null: to none",
    responses: { 200: z.object({ email: z.string().nullable() }) },
    handler: async ({ requester }) => json(200, { email: await notifications.email(requester.owner) }),
  }),
  route({
    method: "PUT",
    path: "/api/notifications/preferences",
    // An application knows that the address belongs to its user, but a user could give any address.
    policy: "app",
    summary: "Mail finished reports to this address; null: to none",
    body: preferences,
    responses: { 200: z.object({ email: z.string().nullable() }) },
    handler: async ({ body: { email }, requester }) => {
      await notifications.setEmail(requester.owner, email);
      return json(200, { email });
    },
  }),
];
