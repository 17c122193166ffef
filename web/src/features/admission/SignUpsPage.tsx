import { useQuery } from "@tanstack/react-query";
import { policyQuery } from "@/api/admission";
import { Operator } from "@/features/admin/Operator";
import { Fault, Ghost, Loading } from "@/ui/States";
import { useTitle } from "@/ui/useTitle";
import { Doors } from "./Doors";
import { HouseInvitations } from "./HouseInvitations";
import { Queue } from "./Queue";

/** Who may make an account: the operators' page. */
export function SignUpsPage() {
  return (
    <Operator title="Sign-ups" needs="admission.manage">
      <SignUps />
    </Operator>
  );
}

function SignUps() {
  useTitle("Sign-ups");
  const { data, error, refetch } = useQuery(policyQuery);
  return (
    <div className="max-w-[820px]">
      <h1 className="mb-5">Sign-ups</h1>
      <div className="grid gap-5">
        <Queue />
        {data ? <Doors key={data.changed_at ?? "first"} policy={data} /> : null}
        {error && !data ? <Fault error={error} what="The doors did not come" retry={() => void refetch()} /> : null}
        {!data && !error ? (
          <Loading what="Loading the doors">
            <Ghost className="h-72" />
          </Loading>
        ) : null}
        <HouseInvitations />
      </div>
    </div>
  );
}
