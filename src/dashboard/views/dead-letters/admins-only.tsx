import { Page } from "#dashboard/components/page.tsx";
import { Empty } from "#dashboard/components/states.tsx";

/** Letters hold whole events with everything that was in them: not for every key. */
export const AdminsOnly = () => (
  <Page title="Dead letters">
    <Empty icon="key" title="This page is for administrators">
      Dead letters hold everything that was in an event. Open the page with an admin key:{" "}
      <code>npm start</code> prints one, and <code>npm run key -- create --role admin</code> makes one.
    </Empty>
  </Page>
);
