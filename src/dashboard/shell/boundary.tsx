import { Component, type ReactNode } from "react";
import { Page } from "#dashboard/components/page.tsx";

/** Keeps the frame when a view throws an error. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | undefined }> {
  override state: { error: Error | undefined } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error("There is no error message.") };
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <Page title="This page has an error">
        <p className="error-note" role="alert">
          {error.message}
        </p>
        <div className="row">
          <button type="button" className="primary" onClick={() => location.reload()}>
            Reload
          </button>
        </div>
      </Page>
    );
  }
}
