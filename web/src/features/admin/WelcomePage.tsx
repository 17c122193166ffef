import { CaretDownIcon } from "@phosphor-icons/react/CaretDown";
import { CheckCircleIcon } from "@phosphor-icons/react/CheckCircle";
import { CircleIcon } from "@phosphor-icons/react/Circle";
import { MinusCircleIcon } from "@phosphor-icons/react/MinusCircle";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useId, useRef, useState } from "react";
import { firstStepsQuery, putStepsAway, skipStep } from "@/api/firstSteps";
import type { FirstStep, FirstSteps } from "@/api/types";
import { plural } from "@/lib/amount";
import { Button } from "@/ui/Button";
import { Fault, Ghost, Loading } from "@/ui/States";
import { toast } from "@/ui/toast";
import { useTitle } from "@/ui/useTitle";
import { Operator } from "./Operator";
import { BODIES, WORDS } from "./welcomeSteps";

const STATES = {
  done: { label: "Done", icon: <CheckCircleIcon size={20} weight="fill" className="text-ok" aria-hidden="true" /> },
  todo: { label: "To do", icon: <CircleIcon size={20} className="text-ink-3" aria-hidden="true" /> },
  skipped: { label: "Skipped", icon: <MinusCircleIcon size={20} className="text-ink-3" aria-hidden="true" /> },
} as const;

/** The first run of a house: one calm page of steps for who runs it. */
export function WelcomePage() {
  return (
    <Operator title="First steps" needs="admin.operate">
      <Welcome />
    </Operator>
  );
}

function Welcome() {
  useTitle("First steps");
  const { data, error, refetch } = useQuery(firstStepsQuery);
  return (
    <div className="max-w-[820px]">
      <h1>First steps</h1>
      {error && !data ? <Fault error={error} what="The steps did not come" retry={() => void refetch()} /> : null}
      {!data && !error ? (
        <Loading what="Loading the steps">
          <Ghost className="mt-5 h-[560px]" />
        </Loading>
      ) : null}
      {data ? <Steps data={data} /> : null}
    </div>
  );
}

function Steps({ data }: { data: FirstSteps }) {
  const cache = useQueryClient();
  const go = useNavigate();
  const list = useRef<HTMLOListElement>(null);
  const [busy, setBusy] = useState(false);
  // Chosen once: a step that becomes done stays open, with what its form has yet to show.
  const [opened, setOpened] = useState<FirstStep["name"] | null>(() => data.steps.find((step) => step.state === "todo")?.name ?? null);
  const left = data.steps.filter((step) => step.state === "todo").length;

  async function run(what: () => Promise<unknown>) {
    setBusy(true);
    try {
      await what();
    } catch (error) {
      toast(error instanceof Error ? error.message : "That did not work. Try again.");
    }
    setBusy(false);
  }

  const skip = (step: FirstStep) =>
    run(async () => {
      const skipped = step.state === "todo";
      const now = await skipStep(step.name, skipped);
      cache.setQueryData(firstStepsQuery.queryKey, now);
      if (!skipped) return;
      const at = now.steps.findIndex((one) => one.name === step.name);
      const next = [...now.steps.slice(at), ...now.steps].find((one) => one.state === "todo")?.name ?? null;
      setOpened(next);
      // What was pressed is gone with the body of the step.
      list.current?.querySelector<HTMLElement>(`[data-step="${next ?? step.name}"] h2 button`)?.focus();
    });

  const putAway = () =>
    run(async () => {
      await putStepsAway();
      await cache.invalidateQueries({ queryKey: firstStepsQuery.queryKey });
      await go({ to: "/" });
    });

  return (
    <>
      <p className="mt-2 mb-5 max-w-[62ch] text-ink-2">
        {left ? `${plural(left, "step is", "steps are")} left until this house is as it should be. Each can wait, or be skipped.` : "Nothing is left to do here."}
      </p>
      <ol ref={list} className="panel overflow-clip" aria-label="First steps">
        {data.steps.map((step) => (
          <Row key={step.name} step={step} data={data} isOpen={opened === step.name} busy={busy} onOpen={() => setOpened(opened === step.name ? null : step.name)} onSkip={() => void skip(step)} />
        ))}
      </ol>
      <div className="mt-5 flex flex-wrap items-center gap-3">
        {data.open ? (
          <Button isPending={busy} onPress={() => void putAway()}>
            Put this page away
          </Button>
        ) : null}
        <p className="meta">
          It stays at{" "}
          <Link to="/run/welcome" className="link">
            /run/welcome
          </Link>
          .
        </p>
      </div>
    </>
  );
}

type RowProps = { step: FirstStep; data: FirstSteps; isOpen: boolean; busy: boolean; onOpen: () => void; onSkip: () => void };

function Row({ step, data, isOpen, busy, onOpen, onSkip }: RowProps) {
  const id = useId();
  const cache = useQueryClient();
  const { title, why } = WORDS[step.name];
  const Body = BODIES[step.name];
  const state = STATES[step.state];
  return (
    <li className="border-t border-line first:border-0" data-step={step.name} data-state={step.state}>
      <div className="relative flex items-start gap-3 p-4 hover:bg-raised">
        <span className="mt-px flex-none">{state.icon}</span>
        <div className="min-w-0 flex-1">
          <h2 className="text-h3">
            <button type="button" aria-expanded={isOpen} aria-controls={id} onClick={onOpen} className="cursor-pointer text-left after:absolute after:inset-0">
              {title}
            </button>
          </h2>
          <p className="mt-0.5 max-w-[62ch] text-ui text-ink-2">{why(data)}</p>
        </div>
        <span className="meta mt-0.5 flex-none">{state.label}</span>
        <CaretDownIcon size={16} className={`mt-1 flex-none text-ink-3 ${isOpen ? "rotate-180" : ""}`} aria-hidden="true" />
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen ? (
          <div className="grid gap-4 px-4 pb-5 phone:pl-12">
            <div>
              <Body data={data} onDone={() => void cache.invalidateQueries({ queryKey: firstStepsQuery.queryKey })} />
            </div>
            {step.state === "done" ? null : (
              <div>
                <Button small look="quiet" isDisabled={busy} onPress={onSkip} aria-label={`${step.state === "todo" ? "Skip this step" : "Take it up again"}: ${title}`}>
                  {step.state === "todo" ? "Skip this step" : "Take it up again"}
                </Button>
              </div>
            )}
          </div>
        ) : null}
      </div>
    </li>
  );
}
