import { api } from "#dashboard/api.ts";
import { Badge, type Tone } from "#dashboard/components/badge.tsx";
import { TimeAgo } from "#dashboard/components/time.tsx";
import { toast } from "#dashboard/components/toasts.tsx";
import { focusNeighbor } from "#dashboard/focus.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import type { Alert } from "#dashboard/types.ts";

type CardProps = { alert: Alert; onChange: () => void };

const TONES: Record<Alert["status"], Tone> = { open: "bad", acknowledged: "warn", resolved: "good" };

export function AlertCard({ alert, onChange }: CardProps) {
  const acknowledge = useAction(async (button: HTMLElement) => {
    await api.post(`/api/alerts/${alert.id}/acknowledge`);
    toast({ tone: "good", text: `Acknowledged: ${alert.rule}` });
    focusNeighbor(button.closest("article"));
    onChange();
  });
  return (
    <article className="card alert-card" aria-label={`${alert.rule} ${alert.subject}`.trim()}>
      <header>
        <div className="row">
          <h2>{alert.headline}</h2>
          <Badge status={alert.status} tone={TONES[alert.status]} />
        </div>
        <span className="quiet small">
          <TimeAgo at={alert.openedAt} />
        </span>
      </header>
      {alert.offenders.length > 0 && (
        <ul aria-label="First rows behind it">
          {alert.offenders.map((row, n) => (
            <li key={n} className="row small">
              {Object.entries(row).map(([name, value]) => (
                <span key={name}>
                  <span className="quiet">{name}</span>{" "}
                  <code>{typeof value === "string" ? value : JSON.stringify(value)}</code>
                </span>
              ))}
            </li>
          ))}
        </ul>
      )}
      <details>
        <summary>Query</summary>
        <pre>{alert.query}</pre>
      </details>
      <footer className="row apart">
        <span className="quiet small">
          {stateOf(alert)} · Runbook <Runbook address={alert.runbook} />
        </span>
        {alert.status === "open" && (
          <button
            type="button"
            aria-disabled={acknowledge.isBusy}
            aria-label={`Acknowledge: ${alert.rule} ${alert.subject}`.trim()}
            onClick={(event) => acknowledge.run(event.currentTarget)}
          >
            Acknowledge
          </button>
        )}
      </footer>
    </article>
  );
}

/** A link when the address is a web address; otherwise the path in the repository. */
const Runbook = ({ address }: { address: string }) =>
  address.startsWith("http") ? <a href={address}>{address}</a> : <code>{address}</code>;

function stateOf({ status, acknowledgedBy, reminders }: Alert): string {
  if (status === "acknowledged") return `Acknowledged by ${acknowledgedBy ?? "an administrator"}`;
  if (status === "resolved") return "Resolved";
  return reminders === 0 ? "Told once" : `Repeated ${reminders} times`;
}
