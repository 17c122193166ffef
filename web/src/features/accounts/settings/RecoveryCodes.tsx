import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { toast } from "@/ui/toast";

/** The one time that they are seen. */
export function RecoveryCodes({ codes, onEnd }: { codes: string[]; onEnd: () => void }) {
  async function copy() {
    try {
      await navigator.clipboard.writeText(codes.join("\n"));
      toast("Copied. Keep them where your other devices are not.");
    } catch {
      toast("This browser does not copy. Write them down.");
    }
  }

  return (
    <Dialog title="Keep these recovery codes" isOpen onClose={() => undefined} alert>
      <p className="mb-4 text-ink-2">Each works once when your app or passkey is lost. They are shown now and never again; codes of before count no more.</p>
      <ol className="num grid gap-x-6 gap-y-1 font-display phone:grid-cols-2" aria-label="Recovery codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onPress={() => void copy()}>Copy all</Button>
        <Button look="primary" onPress={onEnd}>
          I have kept them
        </Button>
      </div>
    </Dialog>
  );
}
