import { Page } from "#dashboard/components/page.tsx";
import { Empty } from "#dashboard/components/states.tsx";

/** A dead letter contains a whole event, so only administrators see it. */
export const AdminsOnly = () => (
  <Page title="Dead letters">
    <Empty icon="key" title="This page is for administrators">
      A dead letter contains a whole event. Open the page with an admin key: <code>npm start</code> prints
      one, and <code>npm run key -- create --role admin</code> makes one.
    </Empty>
  </Page>
);
