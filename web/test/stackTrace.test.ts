import { describe, expect, it } from 'vitest';
import { readStack, type StackPart } from '../src/model/stackTrace';

const shown = (part: StackPart): string => (part.kind === 'text' ? `| ${part.text.trim()}` : part.kind === 'frame' ? `${part.frame.call} @ ${part.frame.file ?? '?'}:${part.frame.line ?? '?'}` : `[${part.frames.length} in ${part.owner}]`);
const read = (stack: string): readonly string[] => readStack(stack).map(shown);

describe('stack traces', () => {
  it('of .NET', () =>
    expect(
      read(`System.InvalidOperationException: no
 ---> System.TimeoutException: late
   at Hsi.Store.Get[T](String key, CancellationToken token) in /src/Store.cs:line 12
   --- End of inner exception stack trace ---
   at System.Threading.Tasks.Task.Wait()
   at System.Threading.Tasks.Task.Run(Action a) in /_/src/Task.cs:line 5
   at Hsi.Program.<Main>$(String[] args)`),
    ).toEqual(['| System.InvalidOperationException: no', '| ---> System.TimeoutException: late', 'Hsi.Store.Get[T] @ Store.cs:12', '| --- End of inner exception stack trace ---', '[2 in System.Threading]', 'Hsi.Program.<Main>$ @ ?:?']));

  it('of Java', () =>
    expect(read('java.lang.IllegalStateException: no\n\tat com.acme.Shop.pay(Shop.java:33)\n\tat org.springframework.web.Servlet.doGet(Servlet.java:8)\n\t... 12 more\nCaused by: x')).toEqual([
      '| java.lang.IllegalStateException: no', 'com.acme.Shop.pay @ Shop.java:33', '[1 in org.springframework]', '| ... 12 more', '| Caused by: x',
    ]));

  it('of JavaScript', () =>
    expect(read('TypeError: no\n    at pay (/app/src/shop.js:3:9)\n    at async /app/src/main.js:9:1\n    at next (/app/node_modules/express/lib/router.js:1:2)\n    at process.run (node:internal/process/task:9:3)')).toEqual([
      '| TypeError: no', 'pay @ shop.js:3', '(anonymous) @ main.js:9', '[2 in libraries]',
    ]));

  it('of Python', () =>
    expect(read('Traceback (most recent call last):\n  File "/app/main.py", line 7, in run\n    work()\n  File "/usr/lib/python3.12/json/__init__.py", line 1, in loads\n    raise x\nValueError: no')).toEqual([
      '| Traceback (most recent call last):', 'run @ main.py:7', '| work()', '[1 in Python]', '| raise x', '| ValueError: no',
    ]));

  it('of a language that is not known stay as they are', () => expect(read('goroutine 1 [running]:\nmain.main()\n\t/app/main.go:5')).toEqual(['| goroutine 1 [running]:', '| main.main()', '| /app/main.go:5']));

  it('lose no line that says something', () => {
    const stack = 'a\n\n   at B.c() in /x/D.cs:line 1\n   at System.E()\n   at System.F()\ng';
    const lines = readStack(stack).flatMap((part) => (part.kind === 'text' ? [part.text] : part.kind === 'frame' ? [part.frame.text] : part.frames.map((frame) => frame.text)));
    expect(lines.join('\n')).toBe(stack.replace('\n\n', '\n'));
  });
});
