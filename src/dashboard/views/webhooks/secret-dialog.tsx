import { Dialog } from "#dashboard/components/dialog.tsx";

type SecretProps = { secret: string; onClose: () => void; children?: string };

export const SecretDialog = ({ secret, onClose, children }: SecretProps) => (
  <Dialog title="Signing secret" onClose={onClose}>
    <p>Store it now: it is not shown again. {children}</p>
    <code className="secret">{secret}</code>
    <footer>
      <button type="button" className="primary" onClick={onClose}>
        I have stored it
      </button>
    </footer>
  </Dialog>
);
