import { useEffect, useState, useSyncExternalStore } from "react";
import { Button } from "./Button";
import { dismiss, toasts } from "./toast";

const SHOWN_MS = 6000;

export function Toaster() {
  const toast = useSyncExternalStore(toasts.subscribe, toasts.read);
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(dismiss, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast, held]);
  return (
    <div role="status" aria-live="polite">
      {toast ? (
        // Holding still while somebody reads is no command.
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div
          key={toast.id}
          className="toast"
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          <span>{toast.text}</span>
          {toast.action ? (
            <Button
              small
              look="quiet"
              onPress={() => {
                toast.action?.run();
                dismiss();
              }}
            >
              {toast.action.label}
            </Button>
          ) : null}
        </div>
      ) : null}
    </div>
  );
}
