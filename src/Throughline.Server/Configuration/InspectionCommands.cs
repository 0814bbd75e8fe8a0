using System.CommandLine;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Files;
using Throughline.Engine.Inspection;

namespace Throughline.Server.Configuration;

/// <summary>The commands <c>throughline check DIR</c> and <c>throughline stats DIR</c>, for a data directory that no server has open. Used once, by one thread.</summary>
public sealed class InspectionCommands(IFileSystem files)
{
    /// <summary>Exit code for a directory that cannot be looked at: wrong use, as for options that cannot be.</summary>
    private const int Refused = 2;

    /// <summary>The commands.</summary>
    public IEnumerable<Command> Commands() =>
    [
        Make("check", "Verifies every checksum of a data directory, of traces and all other signals, and that ids, filters, tables and summaries agree with the spans. Exit code 0: all is well; 1: something is damaged.", Check),
        Make("stats", "Tells what a data directory holds and where its bytes go.", Stats),
    ];

    private static Command Make(string name, string description, Func<string, TextWriter, CancellationToken, int> run)
    {
        var directory = new Argument<string>("DIR") { Description = "The directory that the server has as --data. No server may have it open." };
        var command = new Command(name, description);
        command.Arguments.Add(directory);
        command.SetAction((result, cancellationToken) =>
        {
            try
            {
                return Task.FromResult(run(result.GetRequiredValue(directory), result.InvocationConfiguration.Output, cancellationToken));
            }
            catch (StoreOpenException e)
            {
                result.InvocationConfiguration.Error.WriteLine($"throughline: {e.Message}");
                return Task.FromResult(Refused);
            }
        });
        return command;
    }

    private int Check(string directory, TextWriter output, CancellationToken cancellationToken)
    {
        var report = StoreCheck.Run(directory, files, cancellationToken);
        foreach (var finding in report.Findings) output.WriteLine(Printable(finding.ToString()));
        var damage = report.Findings.Count(f => f.IsDamage);
        output.WriteLine(Invariant($"{report.Blocks} blocks with {report.BlockSpans} spans and {report.LogRecords} requests with {report.LogSpans} spans in the log were read, {report.Bytes} bytes."));
        foreach (var signal in report.Signals)
        {
            var items = Invariant($"{signal.Blocks} blocks with {signal.BlockItems} {signal.ItemsName} and {signal.LogRecords} requests with {signal.LogItems} {signal.ItemsName} in the log");
            output.WriteLine($"{signal.Name}: {items} were read.");
        }
        output.WriteLine(damage == 0 ? "All is well." : $"{damage} places are damaged.");
        return report.IsSound ? 0 : 1;
    }

    private int Stats(string directory, TextWriter output, CancellationToken cancellationToken)
    {
        var sizes = StoreStats.Read(directory, files, cancellationToken);
        output.WriteLine(Invariant($"blocks    {sizes.Blocks}: {sizes.BlockSpans} spans, {sizes.BlockTraces} traces, {sizes.BlockBytes} bytes{PerSpan(sizes.BlockBytes, sizes)}"));
        foreach (var (level, blocks, spans, bytes) in sizes.Levels) output.WriteLine(Invariant($"  level {level}: {blocks} blocks, {spans} spans, {bytes} bytes"));
        output.WriteLine(Invariant($"log       {sizes.LogRecords} requests, {sizes.LogSpans} spans, {sizes.LogBytes} bytes"));
        output.WriteLine($"starts    {Time(sizes.EarliestStart)} to {Time(sizes.LatestStart)}");
        output.WriteLine($"received  {Time(sizes.FirstReceived)} to {Time(sizes.LastReceived)}");
        output.WriteLine(Invariant($"pinned    {sizes.Pins} traces"));
        if (sizes.HiddenBefore > 0) output.WriteLine($"hidden    traces that start before {Time(sizes.HiddenBefore)}");
        Table(output, "part of the blocks", sizes.Parts, sizes);
        Table(output, "attribute (the largest)", sizes.LargestKeys, sizes);
        foreach (var block in sizes.Unreadable) output.WriteLine($"not counted, since it cannot be read: {block}");
        foreach (var signal in sizes.Signals) Tell(output, signal);
        return sizes.Unreadable.Count == 0 && sizes.Signals.All(s => s.Unreadable.Count == 0) ? 0 : 1;
    }

    private static void Tell(TextWriter output, SignalSizes signal)
    {
        output.WriteLine();
        var each = signal.BlockItems == 0 ? "" : Invariant($", {signal.BlockBytes / (double)signal.BlockItems:f2} each");
        output.WriteLine(signal.Name);
        output.WriteLine(Invariant($"blocks    {signal.Blocks}: {signal.BlockItems} {signal.ItemsName}, {signal.BlockBytes} bytes{each}"));
        foreach (var level in signal.Levels) output.WriteLine(Invariant($"  level {level.Level}: {level.Blocks} blocks, {level.Items} {signal.ItemsName}, {level.Bytes} bytes"));
        output.WriteLine(Invariant($"log       {signal.LogRecords} requests, {signal.LogItems} {signal.ItemsName}, {signal.LogBytes} bytes"));
        output.WriteLine($"times     {Time(signal.Earliest)} to {Time(signal.Latest)}");
        output.WriteLine($"received  {Time(signal.FirstReceived)} to {Time(signal.LastReceived)}");
        foreach (var (name, bytes) in signal.Parts) output.WriteLine(Invariant($"  {Printable(name),-38} {bytes,14} {bytes / (double)Math.Max(1, signal.BlockItems),8:f2}"));
        foreach (var block in signal.Unreadable) output.WriteLine($"not counted, since it cannot be read: {block}");
    }

    private static void Table(TextWriter output, string title, IReadOnlyList<PartSize> parts, StoreSizes sizes)
    {
        if (parts.Count == 0) return;
        output.WriteLine();
        output.WriteLine(Invariant($"{title,-40} {"bytes",14} {"a span",8}"));
        foreach (var (name, bytes) in parts) output.WriteLine(Invariant($"{Printable(name),-40} {bytes,14} {bytes / (double)Math.Max(1, sizes.BlockSpans),8:f2}"));
    }

    /// <summary>Keys are what senders made them: they may hold anything.</summary>
    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));

    private static string PerSpan(long bytes, StoreSizes sizes) => sizes.BlockSpans == 0 ? "" : Invariant($", {bytes / (double)sizes.BlockSpans:f2} a span");

    private static string Time(ulong? unixNano) =>
        unixNano is not { } nano ? "none"
        : nano / 100 > (ulong)(DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks ? Invariant($"{nano} ns")
        : DateTimeOffset.UnixEpoch.AddTicks((long)(nano / 100)).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
