// Uploads a file with tus-js-client, breaks off after some bytes, and goes on with a new client.
import { createRequire } from "node:module";
import { createReadStream, statSync } from "node:fs";

const [modules, endpoint, token, subject, file] = process.argv.slice(2);
const tus = createRequire(`${modules}/`)("tus-js-client");
const uploadSize = statSync(file).size;
const options = {
  endpoint,
  uploadSize,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: "film.mp4", filetype: "video/mp4", purpose: "video", subject },
  chunkSize: 500_000,
  retryDelays: [0, 500, 1000, 3000, 5000],
};

function run(more) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(createReadStream(file), {
      ...options,
      ...more,
      onError: reject,
      onSuccess: () => resolve({ url: upload.url, broken: false }),
      onChunkComplete: (_, accepted) => {
        if (more.stopAt && accepted >= more.stopAt) {
          upload.abort().then(() => resolve({ url: upload.url, broken: true }), reject);
        }
      },
    });
    upload.start();
  });
}

const first = await run({ stopAt: 1_000_000, uploadDataDuringCreation: true });
const second = await run({ uploadUrl: first.url });
const doomed = await run({ stopAt: 500_000 });
await tus.Upload.terminate(doomed.url, options);
console.log(JSON.stringify({ url: second.url, broken: first.broken, doomed: doomed.url }));
