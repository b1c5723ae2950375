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
    // The page's content security policy forbids content that is inlined into the HTML.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
