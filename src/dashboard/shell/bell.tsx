import { useState } from "react";
import type { Notification } from "#client/index.ts";
import { api } from "#dashboard/api.ts";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { Icon } from "#dashboard/components/icon.tsx";
import { ActionNote, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import { useNotifications } from "#dashboard/live.ts";
import { wordsOf } from "#dashboard/notifications.ts";
import "./bell.css";

/** The stream begins with at most this many unread notifications. More are counted as "50+". */
const MOST_UNREAD = 50;

/** The number of unread notifications, and their list. */
export function Bell() {
  const [isOpen, setIsOpen] = useState(false);
  const unread = useNotifications().filter(({ readAt }) => readAt === null).length;
  const shown = unread >= MOST_UNREAD ? `${MOST_UNREAD}+` : String(unread);
  const label = unread === 0 ? "Notifications" : `Notifications: ${shown} unread`;
  return (
    <>
      <button
        type="button"
        className="plain icon-only bell"
        aria-label={label}
        title={label}
        onClick={() => setIsOpen(true)}
      >
        <Icon name="bell" />
        {unread > 0 && (
          <span className="bell-count" aria-hidden="true">
            {shown}
          </span>
        )}
      </button>
      {isOpen && <Notifications onClose={() => setIsOpen(false)} />}
    </>
  );
}

function Notifications({ onClose }: { onClose: () => void }) {
  const { data, problem, reload } = useApi<{ items: Notification[] }>("/api/notifications?limit=30");
  const unread = data?.items.filter(({ readAt }) => readAt === null) ?? [];
  const marking = useAction(
    async (path: string) => {
      await api.post(path);
      reload();
    },
    { isInDialog: true },
  );
  return (
    <Dialog title="Notifications" onClose={onClose}>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {data === undefined && problem === undefined && <Loading rows={3} what="Loading the notifications" />}
      {data?.items.length === 0 && (
        <p className="quiet">Nothing yet. Notifications about your work appear here.</p>
      )}
      <ul className="news">
        {data?.items.map((one) => (
          <Item
            key={one.id}
            notification={one}
            isBusy={marking.isBusy}
            onRead={() => marking.run(`/api/notifications/${one.id}/read`)}
            onClose={onClose}
          />
        ))}
      </ul>
      <ActionNote problem={marking.problem} />
      <footer>
        {unread.length > 1 && (
          <button
            type="button"
            aria-disabled={marking.isBusy}
            onClick={() => marking.run("/api/notifications/read")}
          >
            Mark all as read
          </button>
        )}
        <button type="button" onClick={onClose}>
          Close
        </button>
      </footer>
    </Dialog>
  );
}

type ItemProps = { notification: Notification; isBusy: boolean; onRead: () => void; onClose: () => void };

/** Following the link also marks the notification as read. */
function Item({ notification, isBusy, onRead, onClose }: ItemProps) {
  const { text, href } = wordsOf(notification);
  const isUnread = notification.readAt === null;
  const follow = () => {
    if (isUnread) onRead();
    onClose();
  };
  return (
    <li className={isUnread ? "unread" : undefined}>
      <div>
        {href === null ? (
          text
        ) : (
          <a href={href} onClick={follow}>
            {text}
          </a>
        )}
        <small className="quiet">
          <TimeAgo at={notification.createdAt} />
        </small>
      </div>
      {isUnread && (
        <button
          type="button"
          className="plain"
          aria-disabled={isBusy}
          aria-label={`Mark as read: ${text}`}
          onClick={onRead}
        >
          Mark as read
        </button>
      )}
    </li>
  );
}
