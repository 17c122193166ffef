import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/**
 * The theme must be on <html> before the first paint, and the page allows no inline script: the theme
 * script becomes a small hashed asset of its own, loaded blocking, and the Latin faces are preloaded.
 */
function firstPaint(): Plugin {
  const source = fileURLToPath(new URL("./src/app/theme-first.js", import.meta.url));
  return {
    name: "matinee-first-paint",
    apply: "build",
    async buildStart() {
      const { readFile } = await import("node:fs/promises");
      this.emitFile({
        type: "asset",
        name: "theme-first.js",
        source: await readFile(source, "utf8"),
      });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const built = Object.keys(context.bundle ?? {});
        const theme = built.find((name) => /theme-first-.*\.js$/.test(name));
        if (!theme) throw new Error("the theme script is missing from the build");
        const faces = built.filter((name) =>
          /(archivo-latin-standard|hanken-grotesk-latin-wght)-normal.*\.woff2$/.test(name),
        );
        return [
          { tag: "script", attrs: { src: `/${theme}` }, injectTo: "head-prepend" },
          ...faces.map((name) => ({
            tag: "link",
            attrs: { rel: "preload", href: `/${name}`, as: "font", type: "font/woff2", crossorigin: true },
            injectTo: "head" as const,
          })),
        ];
      },
    },
  };
}

/** Icons come in six weights, of which the look uses two (regular, and fill where selected): the others stay out. */
function twoWeights(): Plugin {
  return {
    name: "matinee-two-weights",
    transform(code, id) {
      if (!/@phosphor-icons\/react\/dist\/defs\//.test(id)) return null;
      const kept = code.replace(/^ {2}\[\n {4}"(?:bold|duotone|light|thin)",\n[\s\S]*?^ {2}\],?\n/gm, "");
      const weights = [...kept.matchAll(/^ {4}"([a-z]+)",$/gm)].map((found) => found[1]);
      if (weights.join() !== "fill,regular") this.error(`an icon is written another way than before: ${id}`);
      return { code: kept, map: null };
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), firstPaint(), twoWeights()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    manifest: true,
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: {
      "/api": { target: "http://127.0.0.1:8000", ws: true },
      "/media": "http://127.0.0.1:8000",
    },
  },
});
