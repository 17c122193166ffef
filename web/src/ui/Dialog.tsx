import type { ReactNode } from "react";
import { Dialog as AriaDialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";

type Props = { title: string; isOpen: boolean; onClose: () => void; large?: boolean; alert?: boolean; children: ReactNode };

/** Only for what cannot be undone or needs several fields: the title is the question, buttons are verbs. */
export function Dialog({ title, isOpen, onClose, large = false, alert = false, children }: Props) {
  return (
    <ModalOverlay
      isOpen={isOpen}
      isDismissable
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      className="veil"
    >
      <Modal className={large ? "dialog large" : "dialog"}>
        <AriaDialog role={alert ? "alertdialog" : "dialog"} className="outline-none">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
