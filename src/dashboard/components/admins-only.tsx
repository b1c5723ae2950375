import { Page } from "#dashboard/components/page.tsx";
import { Empty } from "#dashboard/components/states.tsx";

/** Shown instead of a view that only administrators may see. */
export const AdminsOnlyPage = ({ title }: { title: string }) => (
  <Page title={title}>
    <Empty icon="key" title="This page is for administrators">
      Open the page with an admin key: <code>npm start</code> prints one, and{" "}
      <code>npm run key -- create --role admin</code> makes one.
    </Empty>
  </Page>
);
