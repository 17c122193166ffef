import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { applicationQuery, withdraw } from "@/api/admission";
import { Problem } from "@/api/client";
import { changeHands } from "@/features/accounts/changeHands";
import { exact } from "@/lib/time";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Fault, Ghost } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { When } from "@/ui/When";

const LOOK_AGAIN_MS = 4000;
const DECIDED = [401, 403, 404];

/** In place of every page while somebody waits to be let in; once they are, the page that they wanted opens by itself. */
export default function Waiting() {
  useTitle("Your request");
  const cache = useQueryClient();
  const request = useQuery({ ...applicationQuery, refetchInterval: LOOK_AGAIN_MS, retry: false });
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const decided = request.error instanceof Problem && DECIDED.includes(request.error.status);

  useEffect(() => {
    if (decided) void changeHands(cache);
  }, [decided, cache]);

  async function takeBack() {
    setBusy(true);
    try {
      await withdraw();
      toast("Your request is taken back, and your account erased.");
      await changeHands(cache);
    } catch (error) {
      toast(error instanceof Error ? error.message : "Your request was not taken back.");
      setBusy(false);
      setAsking(false);
    }
  }

  const { data } = request;
  if (decided || (request.isPending && !data)) return <Ghost className="mx-auto mt-14 h-72 max-w-[560px]" />;
  if (!data) return <Fault error={request.error} what="Your request did not come" retry={() => void request.refetch()} level={1} />;
  const refused = data.state === "refused";
  return (
    <div className="mx-auto max-w-[560px] py-6 phone:py-14">
      <h1>{refused ? "Your request was refused" : "Your request is being looked at"}</h1>
      <p className="mt-2 mb-6 max-w-[62ch] text-ink-2" role="status">
        {refused && data.erased_at
          ? `Your account is erased on ${exact(data.erased_at)}, with everything that you wrote.`
          : "Once an operator of this house lets you in, this page goes on by itself. You may close it and sign in later."}
      </p>
      <dl className="panel grid gap-4 p-5">
        {refused && data.reason ? (
          <div>
            <dt className="label">What the operators say</dt>
            <dd className="[overflow-wrap:anywhere]">{data.reason}</dd>
          </div>
        ) : null}
        {data.answer ? (
          <div>
            <dt className="label">{data.question || "What you wrote"}</dt>
            <dd className="[overflow-wrap:anywhere] whitespace-pre-wrap">{data.answer}</dd>
          </div>
        ) : null}
        <div>
          <dt className="label">Asked</dt>
          <dd>
            <When moment={data.asked_at} />
          </dd>
        </div>
      </dl>
      <div className="mt-5">
        <Button look="quiet" onPress={() => setAsking(true)}>
          {refused ? "Erase my account now" : "Take my request back"}
        </Button>
      </div>
      <Dialog title={refused ? "Erase your account now?" : "Take your request back?"} isOpen={asking} onClose={() => setAsking(false)} alert>
        <p className="text-ink-2">Your account and everything that you wrote are erased at once. Nothing of it can be brought back.</p>
        <div className="mt-5 flex flex-wrap justify-end gap-2">
          <Button onPress={() => setAsking(false)}>{refused ? "Not now" : "Keep waiting"}</Button>
          <Button look="danger" isPending={busy} onPress={() => void takeBack()}>
            Erase it
          </Button>
        </div>
      </Dialog>
    </div>
  );
}
