import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { approveDevice, denyDevice, deviceQuery } from "@/api/accounts";
import { Problem } from "@/api/client";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Fault, Ghost } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";
import { Gate } from "./Gate";
import { SCOPE_WORDS } from "./scopes";

const route = getRouteApi("/shell/device");

export function DevicePage() {
  useTitle("Allow a device");
  const { code } = route.useSearch();
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  if (code) return <Approve key={code} code={code} onOther={() => void navigate({ to: "/device", search: {} })} />;
  return (
    <Gate
      title="Allow a device"
      words="A program that wants to act for you shows a short code. Enter it here."
      fault={null}
      onSubmit={() => {
        if (typed.trim()) void navigate({ to: "/device", search: { code: typed.trim().toUpperCase() } });
      }}
    >
      <Field label="Code" name="code" value={typed} onChange={setTyped} autoComplete="off" />
      <Button type="submit" look="primary">
        Go on
      </Button>
    </Gate>
  );
}

function Approve({ code, onOther }: { code: string; onOther: () => void }) {
  const device = useQuery(deviceQuery(code));
  const [outcome, setOutcome] = useState<"allowed" | "refused" | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function answer(allow: boolean) {
    setBusy(true);
    setFault(null);
    try {
      await (allow ? approveDevice(code) : denyDevice(code));
      setOutcome(allow ? "allowed" : "refused");
    } catch (error) {
      setFault(error instanceof Error ? error.message : "The answer did not arrive. Try again.");
    } finally {
      setBusy(false);
    }
  }

  if (outcome)
    return (
      <div className="mx-auto max-w-[420px] py-14" role="status">
        <h1>{outcome === "allowed" ? "The device is allowed" : "The device is refused"}</h1>
        <p className="mt-2 text-ink-2">
          {outcome === "allowed" ? "It goes on by itself; you may close this page. You can end its access in Settings." : "It gets no access. You may close this page."}
        </p>
      </div>
    );
  if (device.error && !device.data)
    return (
      <div className="mx-auto max-w-[560px] py-10">
        {device.error instanceof Problem && device.error.status === 0 ? (
          <Fault error={device.error} what="The code was not looked up" level={1} retry={() => void device.refetch()} />
        ) : (
          <Fault error={device.error} what="This code is not known" level={1} retry={onOther} />
        )}
      </div>
    );
  if (!device.data) return <Ghost className="mx-auto mt-14 h-64 max-w-[420px]" />;
  return (
    <Gate title="Allow this device?" words="It will act in your name until you end its access in Settings." fault={fault} onSubmit={() => void answer(true)}>
      <dl className="grid gap-2 text-ui">
        <div className="flex justify-between gap-4">
          <dt className="text-ink-3">Device</dt>
          <dd className="text-right font-semibold [overflow-wrap:anywhere]">{device.data.client_name}</dd>
        </div>
        <div className="flex justify-between gap-4">
          <dt className="text-ink-3">Code</dt>
          <dd className="num font-display font-semibold tracking-wide">{code}</dd>
        </div>
        <div className="flex justify-between gap-4">
          <dt className="text-ink-3">It may</dt>
          <dd className="text-right">
            {device.data.scopes.map((scope) => (
              <span key={scope} className="block">
                {SCOPE_WORDS[scope]}
              </span>
            ))}
          </dd>
        </div>
        <div className="flex justify-between gap-4">
          <dt className="text-ink-3">Asked</dt>
          <dd>
            <When moment={device.data.created_at} />
          </dd>
        </div>
      </dl>
      <p className="hint">Allow it only if you started it yourself and it shows this code.</p>
      <div className="grid grid-cols-2 gap-2">
        <Button isDisabled={busy} onPress={() => void answer(false)}>
          Refuse
        </Button>
        <Button type="submit" look="primary" isPending={busy}>
          Allow
        </Button>
      </div>
    </Gate>
  );
}
