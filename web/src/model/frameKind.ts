/** Whose code a function is: the service's own, a library's, the runtime's, or that of what takes the profile. */
export type FrameKind = 'own' | 'library' | 'runtime' | 'profiler';

/** What the kinds are called in a sentence. */
export const frameKindNames: Readonly<Record<FrameKind, string>> = { own: 'the service’s own code', library: 'a library', runtime: 'the runtime', profiler: 'the profiler' };

const profiler = /^(Throughline\.Telemetry\.Profiling\.|Microsoft\.Diagnostics\.NETCore\.Client\.|github\.com\/grafana\/pyroscope-go|runtime\/pprof\.|io[./]pyroscope[./])/;
const profilerFile = /(^|[/\\])(Microsoft\.Diagnostics\.NETCore\.Client|Pyroscope(\.[\w.]+)?)\.dll$|[/\\](site|dist)-packages[/\\](pyroscope|py-spy)|[/\\]node_modules[/\\]@pyroscope[/\\]/;

/** Assemblies of .NET, by their names without the ending. */
const netRuntime = /^(System(\..+)?|mscorlib|netstandard|WindowsBase|Microsoft\.(CSharp|VisualBasic(\..+)?|Win32\..+))$/;
const netLibrary =
  /^(Microsoft|Grpc|Google|OpenTelemetry|Throughline\.Telemetry|Npgsql|StackExchange|Newtonsoft|Serilog|NLog|Polly|Dapper|MassTransit|RabbitMQ|Confluent|Azure|AWSSDK|Amazon|Autofac|MongoDB|SixLabors|SkiaSharp|MySql|MySqlConnector|Oracle|Quartz|Hangfire|AutoMapper|MediatR|FluentValidation|Castle|Yarp|MessagePack|protobuf-net|Elastic|K4os|ZstdSharp|Pipelines|Humanizer|NodaTime|RestSharp|Refit|IdentityModel|Swashbuckle|Scrutor|YamlDotNet|CsvHelper)(\.|$)/;

/** Files that are the runtime's, and those that are a library's: Go, Python, Node, Ruby, Rust, native code. What is both counts as the library's. */
const libraryFile = /[/\\](pkg[/\\]mod|vendor|site-packages|dist-packages|node_modules|gems|\.cargo[/\\]registry|\.m2[/\\]repository)[/\\]/;
const runtimeFile = /^(node:|<frozen|\[|libc[.-]|libpthread|libm\.|ld-|libstdc\+\+|libgcc|libcoreclr|libclr|libhostpolicy|libSystem\.|ntdll|kernel32|vmlinux)|[/\\](go[/\\]src|rustc|lib[/\\]python\d|lib[/\\]ruby)([/\\.]|$)/;
const libraryBinary = /(^|[/\\])lib[^/\\]+\.(so|dylib)(\.|$)/;

/** Names that say it where the file does not. */
const runtimeName = /^(System|Internal|Interop|java|javax|jdk|sun|com\.sun)\.|^(runtime|syscall|internal\/\w+)\.|^<?(std|core|alloc)::|^\[|^\((garbage collector|program|idle|root)\)$|^0x[0-9a-f]+$/;
const libraryName = /^(Microsoft|org\.(springframework|apache|hibernate|eclipse|jboss)|io\.(netty|opentelemetry|grpc|micrometer)|com\.(fasterxml|google)|kotlin|kotlinx|scala|reactor)\./;

/** Whose code a function is, by its name and its file or module; a guess where these say little, and then the service's own. */
export function frameKind(name: string, file: string): FrameKind {
  if (profiler.test(name) || profilerFile.test(file)) return 'profiler';
  const base = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1);
  const assembly = /\.(dll|exe)$/i.test(base) ? base.slice(0, -4) : '';
  if (netRuntime.test(assembly)) return 'runtime';
  if (netLibrary.test(assembly)) return 'library';
  if (libraryFile.test(file)) return 'library';
  if (runtimeFile.test(file) || runtimeFile.test(base)) return 'runtime';
  if (libraryBinary.test(file)) return 'library';
  const dotted = name.replaceAll('/', '.');
  return runtimeName.test(name) || runtimeName.test(dotted) ? 'runtime' : libraryName.test(dotted) ? 'library' : 'own';
}
