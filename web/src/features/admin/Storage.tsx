import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import type { StorageReport } from "@/api/types";
import { plural, size } from "@/lib/amount";

const ACCOUNTS_SHOWN = 10;

/** Where the bytes of the house are: what they are, whose, and for how long they are kept. */
export function Storage({ report }: { report: StorageReport }) {
  const { accounts } = report;
  return (
    <section aria-label="Storage" data-testid="storage">
      <div className="mt-8 mb-3 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2>Storage</h2>
        <p className="meta num">
          {size(report.stored_bytes)} stored
          {report.shared_bytes > 0 ? ` · ${size(report.shared_bytes)} saved by identical originals` : ""}
        </p>
      </div>
      <div className="grid items-start gap-5 wide:grid-cols-2">
        <div className="panel overflow-clip">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col" className="n">
                  Files
                </th>
                <th scope="col" className="n">
                  Bytes
                </th>
              </tr>
            </thead>
            <tbody>
              {report.kinds.map((row) => (
                <Fragment key={row.name}>
                  <Row name={row.name} files={row.files} bytes={row.size_bytes} />
                  {row.name === "rendition"
                    ? report.renditions.map((one) => <Row key={one.name} name={`of these, ${one.name}`} files={one.files} bytes={one.size_bytes} faint />)
                    : null}
                </Fragment>
              ))}
              {report.ages
                .filter((row) => row.files > 0)
                .map((row) => (
                  <Row key={row.name} name={row.name === "longer" ? "kept for longer than a year" : `kept for up to ${row.name}`} files={row.files} bytes={row.size_bytes} faint />
                ))}
              <Row name="unfinished uploads" bytes={report.unfinished_bytes} />
            </tbody>
          </table>
        </div>
        <div className="panel overflow-clip">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Account</th>
                <th scope="col" className="n">
                  Originals
                </th>
                <th scope="col" className="n">
                  Generated
                </th>
              </tr>
            </thead>
            <tbody>
              {accounts.slice(0, ACCOUNTS_SHOWN).map((account) => (
                <tr key={account.account_id}>
                  <td data-label="Account" className="font-semibold">
                    {account.handle ? (
                      <Link to="/@{$handle}" params={{ handle: account.handle }} className="link">
                        @{account.handle}
                      </Link>
                    ) : (
                      <span title={account.account_id}>…{account.account_id.slice(-6)}</span>
                    )}
                  </td>
                  <td data-label="Originals" className="n">
                    {size(account.originals_bytes)}
                  </td>
                  <td data-label="Generated" className="n">
                    {size(account.generated_bytes)}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          {accounts.length === 0 ? <p className="p-4 text-ui text-ink-2">Nobody keeps anything yet.</p> : null}
          {accounts.length > ACCOUNTS_SHOWN ? <p className="meta px-4 py-3">and {plural(accounts.length - ACCOUNTS_SHOWN, "more account")}</p> : null}
        </div>
      </div>
    </section>
  );
}

function Row({ name, files, bytes, faint = false }: { name: string; files?: number; bytes: number; faint?: boolean }) {
  return (
    <tr>
      <td data-label="What" className={faint ? "text-ink-2" : "font-semibold"}>
        {name}
      </td>
      <td data-label="Files" className="n">
        {files ?? ""}
      </td>
      <td data-label="Bytes" className="n">
        {size(bytes)}
      </td>
    </tr>
  );
}
