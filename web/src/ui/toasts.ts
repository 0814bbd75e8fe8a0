import { createContext, use } from 'react';

export interface Toasts {
  say(text: string): void;
  fail(text: string): void;
}

export const ToastContext = createContext<Toasts>({ say: () => undefined, fail: () => undefined });
export const useToasts = (): Toasts => use(ToastContext);
