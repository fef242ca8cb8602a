// Reads a flowchart on standard input by Mermaid's own parser, and writes what it found as JSON.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const require = createRequire(process.argv[2] + "/");
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { JSDOM } = await load("jsdom");
const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await load("mermaid");
mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
const text = readFileSync(0, "utf8");
await mermaid.parse(text);
const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
const nodes = Object.fromEntries([...db.getVertices().values()].map((one) => [one.id, one.text]));
const edges = db.getEdges().map((one) => [one.start, one.text, one.end, one.stroke]);
console.log(JSON.stringify({ nodes, edges }));
