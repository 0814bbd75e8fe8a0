import type { Toasts } from './toasts';

/** Copies and says so; the clipboard may be forbidden, which is said as well. */
export async function copyText(text: string, said: string, toasts: Toasts): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.say(said);
  } catch {
    toasts.fail('The browser did not allow copying. Select the text and copy it by hand.');
  }
}
