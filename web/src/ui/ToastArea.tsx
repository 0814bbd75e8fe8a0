import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';
import { Icon } from './Icon';
import { ToastContext } from './toasts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly failed: boolean;
}

const shownMillis = 6000;

function ToastLine({ toast, close }: { readonly toast: Toast; readonly close: (id: number) => void }) {
  useEffect(() => {
    if (toast.failed) return;
    const timer = setTimeout(() => close(toast.id), shownMillis);
    return () => clearTimeout(timer);
  }, [toast, close]);
  return (
    <div className={toast.failed ? 'pop toast err' : 'pop toast'}>
      <Icon name={toast.failed ? 'error' : 'check'} />
      <span className="grow">{toast.text}</span>
      <button type="button" className="btn ghost sq" aria-label="Close message" onClick={() => close(toast.id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}

/** Messages at the bottom left: six seconds, failures until they are closed. */
export function ToastArea({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const value = useMemo(() => {
    const add = (text: string, failed: boolean): void => setToasts((all) => [...all.filter((toast) => toast.text !== text).slice(-2), { id: (all.at(-1)?.id ?? 0) + 1, text, failed }]);
    return { say: (text: string) => add(text, false), fail: (text: string) => add(text, true) };
  }, []);
  return (
    <ToastContext value={value}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {toasts.map((toast) => (
          <ToastLine key={toast.id} toast={toast} close={close} />
        ))}
      </div>
    </ToastContext>
  );
}
