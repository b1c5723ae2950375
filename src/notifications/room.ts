import { room } from "#lib/room.ts";
import type { NotificationRepository } from "#notifications/repository.ts";
import { notificationRoutes } from "#notifications/routes.ts";

type Dependencies = { notifications: NotificationRepository };

export const notifications = room<Dependencies>({ name: "notifications", routes: notificationRoutes });
