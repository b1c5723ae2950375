import { api } from "#dashboard/api.ts";
import { Badge } from "#dashboard/components/badge.tsx";
import { Bytes } from "#dashboard/components/bytes.tsx";
import { Dialog } from "#dashboard/components/dialog.tsx";
import { ActionNote, ErrorNote, Loading } from "#dashboard/components/states.tsx";
import { SubjectLinks } from "#dashboard/components/subject-links.tsx";
import { fieldsOf } from "#dashboard/fields.ts";
import { exact } from "#dashboard/format.ts";
import { useAction } from "#dashboard/hooks/use-action.ts";
import { useApi } from "#dashboard/hooks/use-api.ts";
import type { DeliveryDetails } from "#dashboard/types.ts";

type DialogProps = { id: string; onChange: () => void; onClose: () => void };

export function DeliveryDialog({ id, onChange, onClose }: DialogProps) {
  const path = `/api/webhook-deliveries/${id}`;
  const { data, problem, isLoading, reload } = useApi<DeliveryDetails>(path);
  const resend = useAction(
    async () => {
      await api.post(`${path}/resend`);
      reload();
      onChange();
    },
    { isInDialog: true },
  );
  return (
    <Dialog title={data?.event ?? "Delivery"} onClose={onClose}>
      {problem && <ErrorNote problem={problem} onRetry={reload} />}
      {isLoading && !data && <Loading />}
      {data && (
        <>
          <p>
            <Badge status={data.status} /> <span className="quiet small">webhook-id {data.messageId}</span>{" "}
            <SubjectLinks data={dataOf(data.body)} />
          </p>
          <Bytes label="Body">{data.body}</Bytes>
          <ol className="attempts" aria-label="Attempts">
            {data.log.map((attempt) => (
              <li key={attempt.number}>
                <strong>
                  {attempt.number}. {attempt.answerStatus ?? attempt.error}
                </strong>{" "}
                <span className="quiet small numbers">
                  {exact(attempt.at)}, {attempt.durationMs} ms
                </span>
                {attempt.answerBody !== "" && (
                  <Bytes label={`Answer of attempt ${attempt.number}`}>{attempt.answerBody}</Bytes>
                )}
              </li>
            ))}
          </ol>
          {data.hint !== null && <p>{data.hint}</p>}
          {data.nextAttemptAt !== null && <p className="quiet">Next attempt: {exact(data.nextAttemptAt)}</p>}
        </>
      )}
      <ActionNote problem={resend.problem} />
      <footer>
        <button type="button" onClick={onClose}>
          Close
        </button>
        <button type="button" className="primary" aria-disabled={resend.isBusy} onClick={() => resend.run()}>
          Send again
        </button>
      </footer>
    </Dialog>
  );
}

/** The field `data` of the body; undefined when the body is not JSON. */
function dataOf(body: string): unknown {
  try {
    return fieldsOf(JSON.parse(body)).get("data");
  } catch {
    return undefined;
  }
}
