// Run a Python program in Pyodide, as a browser does: node pyodide.mjs FOLDER PROGRAM
// FOLDER is seen at /site. NumPy is not in the npm package: Pyodide fetches it, where it can.
import { readFileSync } from "node:fs";
import { loadPyodide } from "pyodide";

const [folder, program] = process.argv.slice(2);
const python = await loadPyodide();
python.mountNodeFS("/site", folder);
const silent = () => undefined;
await python.loadPackage("numpy", { messageCallback: silent, errorCallback: silent });
python.runPython(readFileSync(program, "utf8"));
