// SPDX-License-Identifier: Apache-2.0
// Khronos glTF validator over the files given: one JSON line each; exit status 1 if any has an error or a warning.
// Buffers and images of a .gltf are read from beside it.
// node tests/external/validate.mjs A.glb B.gltf
import fs from 'node:fs';
import path from 'node:path';
import validator from 'gltf-validator';

let bad = 0;
for (const file of process.argv.slice(2)) {
  const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), {
    uri: path.basename(file),
    maxIssues: 100,
    writeTimestamp: false,
    externalResourceFunction: async (uri) =>
      new Uint8Array(fs.readFileSync(path.join(path.dirname(file), decodeURIComponent(uri)))),
  });
  bad += report.issues.numErrors + report.issues.numWarnings;
  console.log(JSON.stringify({ file, issues: report.issues, info: report.info ?? null }));
}
process.exit(bad ? 1 : 0);
