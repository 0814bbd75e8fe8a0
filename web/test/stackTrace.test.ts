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

  it('of .NET methods that wait are named as they were written', () => expect(read('   at Hsi.Store.<GetAsync>d__7.MoveNext() in /src/Store.cs:line 12')).toEqual(['Hsi.Store.GetAsync @ Store.cs:12']));

  it('of Python, with the source below its frame', () => {
    const stack = 'Traceback (most recent call last):\n  File "/app/main.py", line 7, in run\n    work(a)\n         ^\n  File "/usr/lib/python3.12/json/__init__.py", line 1, in loads\n    raise x\n  File "/usr/lib/python3.12/json/decoder.py", line 9, in decode\nValueError: no';
    expect(read(stack)).toEqual(['| Traceback (most recent call last):', 'run @ main.py:7', '[2 in Python]', '| ValueError: no']);
    expect(readStack(stack).flatMap((part) => (part.kind === 'frame' ? [part.frame.code] : []))).toEqual(['work(a)']);
  });

  it('of Go, two lines a frame', () =>
    expect(
      read(
        'panic: no\n\ngoroutine 1 [running]:\nmain.(*Shop).Pay(0xc000123, {0x1, 0x2})\n\t/app/shop.go:55 +0x1d\ngithub.com/acme/shop/cart.Sum(...)\n\t/app/cart/cart.go:12\nnet/http.HandlerFunc.ServeHTTP(0x1, {0x2, 0x3}, 0x4)\n\t/usr/local/go/src/net/http/server.go:2136 +0x29\nruntime.goexit()\n\t/usr/local/go/src/runtime/asm_amd64.s:1650 +0x1\ncreated by main.main in goroutine 1\n\t/app/main.go:9 +0x5',
      ),
    ).toEqual(['| panic: no', '| goroutine 1 [running]:', 'main.(*Shop).Pay @ shop.go:55', 'github.com/acme/shop/cart.Sum @ cart.go:12', '[2 in libraries]', 'main.main @ main.go:9']));

  it('of a language that is not known stay as they are', () => expect(read("app.rb:5:in 'pay': no (RuntimeError)\n\tfrom app.rb:9:in 'main'")).toEqual(["| app.rb:5:in 'pay': no (RuntimeError)", "| from app.rb:9:in 'main'"]));

  it.each([
    'a\n\n   at B.c() in /x/D.cs:line 1\n   at System.E()\n   at System.F()\ng',
    'T:\n  File "/a.py", line 7, in run\n    work(a)\n    ^^^^\n    more\n  File "/b.py", line 7\nE: x',
    'goroutine 1:\nmain.f(0x1)\n\t/a.go:5 +0x1\nmain.g()\nend',
  ])('lose no line that says something', (stack) => {
    const lines = readStack(stack).flatMap((part) => (part.kind === 'text' ? [part.text] : part.kind === 'frame' ? [part.frame.text] : part.frames.map((frame) => frame.text)));
    expect(lines.join('\n')).toBe(stack.replace('\n\n', '\n'));
  });
});
