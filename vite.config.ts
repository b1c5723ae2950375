import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** The dashboard: `npm run build` writes `dist/`, which Netlify and the local stack publish. */
export default defineConfig({
  root: "src/dashboard",
  plugins: [react()],
  build: {
    outDir: "../../dist",
    emptyOutDir: true,
    target: "es2023",
    // The page's policy lets nothing in that is written into the HTML itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
