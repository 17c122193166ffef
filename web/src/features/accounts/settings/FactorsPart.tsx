import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { meQuery } from "@/api/accounts";
import { factorsQuery, newRecoveryCodes, removeApp, removePasskey } from "@/api/factors";
import type { Factors } from "@/api/types";
import { passkeysHere } from "@/lib/passkeys";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { When } from "@/ui/When";
import { AddApp } from "./AddApp";
import { AddPasskey } from "./AddPasskey";
import { Part } from "./Part";
import { RecoveryCodes } from "./RecoveryCodes";

type Removal = { name: string; run: () => Promise<void> };

export function FactorsPart() {
  return (
    <Part title="Second factors" words="Something that only you have, beside or instead of your password. With one of them, nobody gets in with the password alone.">
      <OwnFactors />
    </Part>
  );
}

export function OwnFactors({ onChange }: { onChange?: () => void }) {
  const cache = useQueryClient();
  const factors = useQuery(factorsQuery);
  const [adding, setAdding] = useState<"app" | "passkey" | null>(null);
  const [removal, setRemoval] = useState<Removal | null>(null);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [busy, setBusy] = useState(false);

  async function changed(fresh: string[] | null) {
    setAdding(null);
    setCodes(fresh);
    await cache.invalidateQueries({ queryKey: factorsQuery.queryKey });
    await cache.invalidateQueries({ queryKey: ["sessions"] });
    onChange?.();
    // Codes that were shown must be kept before the page goes on, where a factor was asked for.
    if (!fresh) await cache.invalidateQueries({ queryKey: meQuery.queryKey });
  }

  async function run(what: () => Promise<string[] | null>, said: string | null) {
    setBusy(true);
    try {
      await changed(await what());
      if (said) toast(said);
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Try again.");
    }
    setBusy(false);
  }

  const held = factors.data;
  return (
    <>
      {factors.isPending ? <Ghost className="h-16" /> : null}
      {factors.isError && !held ? <Fault error={factors.error} what="Your second factors did not come" retry={() => void factors.refetch()} /> : null}
      {held ? (
        <>
          {!held.app && held.passkeys.length === 0 ? <p className="mb-3 text-ui text-ink-2">None yet: your password alone signs you in.</p> : null}
          <Held factors={held} onRemove={setRemoval} />
          <div className="mt-3 flex flex-wrap gap-2">
            {held.passkeys_possible && passkeysHere() ? (
              <Button small onPress={() => setAdding("passkey")}>
                Add a passkey
              </Button>
            ) : null}
            <Button small onPress={() => setAdding("app")}>
              {held.app ? "Change the app" : "Add an app"}
            </Button>
            {held.app || held.passkeys.length ? (
              <Button small isDisabled={busy} onPress={() => void run(async () => (await newRecoveryCodes()).codes, null)}>
                Make new recovery codes
              </Button>
            ) : null}
          </div>
        </>
      ) : null}
      {adding === "app" ? <AddApp onEnd={() => setAdding(null)} onAdded={changed} /> : null}
      {adding === "passkey" ? <AddPasskey onEnd={() => setAdding(null)} onAdded={changed} /> : null}
      {codes ? (
        <RecoveryCodes
          codes={codes}
          onEnd={() => {
            setCodes(null);
            void cache.invalidateQueries({ queryKey: meQuery.queryKey });
          }}
        />
      ) : null}
      {removal ? (
        <Dialog title={`Remove ${removal.name}?`} isOpen onClose={() => setRemoval(null)} alert>
          <p className="text-ink-2">It opens nothing here any more. Without any second factor, your password alone signs you in.</p>
          <div className="mt-5 flex flex-wrap justify-end gap-2">
            <Button onPress={() => setRemoval(null)}>Keep it</Button>
            <Button
              look="danger"
              onPress={() => {
                setRemoval(null);
                void run(() => removal.run().then(() => null), `${removal.name} is removed.`);
              }}
            >
              Remove
            </Button>
          </div>
        </Dialog>
      ) : null}
    </>
  );
}

function Held({ factors, onRemove }: { factors: Factors; onRemove: (what: Removal) => void }) {
  const { app, passkeys, recovery_codes_left: left } = factors;
  return (
    <ul className="grid">
      {app ? (
        <Line name="App that makes codes" since={app.created_at} used={app.last_used_at} onRemove={() => onRemove({ name: "the app", run: removeApp })} />
      ) : null}
      {passkeys.map((one) => (
        <Line key={one.id} name={one.name} kind="passkey · " since={one.created_at} used={one.last_used_at} onRemove={() => onRemove({ name: one.name, run: () => removePasskey(one.id) })} />
      ))}
      {app || passkeys.length ? (
        <li className="border-t border-line py-3 text-ui">
          <span className="block font-semibold">Recovery codes</span>
          <span className={left > 2 ? "meta" : "text-ui text-bad"}>
            {left === 0 ? "None left. Make new ones." : `${left} left${left > 2 ? "" : ". Make new ones soon."}`}
          </span>
        </li>
      ) : null}
    </ul>
  );
}

type LineProps = { name: string; kind?: string; since: string; used: string | null; onRemove: () => void };

function Line({ name, kind = "", since, used, onRemove }: LineProps): ReactNode {
  return (
    <li className="flex items-center justify-between gap-x-4 border-t border-line py-3 first:border-0 first:pt-0">
      <span className="min-w-0">
        <span className="block text-ui font-semibold [overflow-wrap:anywhere]">{name}</span>
        <span className="meta">
          {kind}since <When moment={since} />
          {used ? (
            <>
              {" "}
              · used <When moment={used} />
            </>
          ) : (
            " · never used"
          )}
        </span>
      </span>
      <Button small className="flex-none" onPress={onRemove} aria-label={`Remove: ${name}`}>
        Remove
      </Button>
    </li>
  );
}
