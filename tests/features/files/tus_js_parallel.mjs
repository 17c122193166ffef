// Uploads a file with tus-js-client in four pieces at once; then once more, broken off and resumed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, endpoint, token, subject, file] = process.argv.slice(2);
const tus = createRequire(`${modules}/`)("tus-js-client");
const data = readFileSync(file);
const options = {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "film.mp4", filetype: "video/mp4", purpose: "video", subject },
  parallelUploads: 4,
  chunkSize: 100_000,
  retryDelays: [0, 500, 1000, 3000, 5000],
};

function run(more) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(data, {
      ...options,
      ...more,
      onError: reject,
      onSuccess: () => resolve(upload),
      onProgress: (sent) => {
        if (more.stopAt && sent >= more.stopAt) upload.abort().then(() => resolve(upload), reject);
      },
    });
    more.before?.(upload);
    upload.start();
  });
}

const first = await run({});
const broken = await run({ stopAt: data.length / 3 });
const urls = broken._parallelUploadUrls;
const again = await run({ before: (upload) => upload.resumeFromPreviousUpload({ parallelUploadUrls: urls }) });
console.log(JSON.stringify({ url: first.url, resumed: again.url }));
