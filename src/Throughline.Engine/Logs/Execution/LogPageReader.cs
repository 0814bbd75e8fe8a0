namespace Throughline.Engine.Logs.Execution;

/// <summary>Reads the entries of a page, those of each part together, several parts at once where threads are free. One query's own.</summary>
internal sealed class LogPageReader(LogWalk walk)
{
    /// <summary>The entries of a page, and how many of its places were read: some may be of a part that is damaged, and the last ones beyond a bound.</summary>
    public (IReadOnlyList<LogEntry> Entries, int Read) Read(TopLogs.Found[] page)
    {
        walk.BeginReading();
        var (entries, isRead) = (new LogEntry?[page.Length], new bool[page.Length]);
        var groups = Enumerable.Range(0, page.Length).GroupBy(i => page[i].Part, ReferenceEqualityComparer.Instance).Select(g => g.ToArray()).ToArray();
        walk.Each(groups, places =>
        {
            var reader = new LogEntryReader(walk.Bounds);
            foreach (var place in places)
            {
                var found = page[place];
                // Damage is met by whatever row is read first; the others of its part are left out, too.
                if (!walk.Try(found.Part, part => entries[place] = reader.Read(part, found.Row, found.At, found.Sequence))) return false;
                isRead[place] = true;
            }
            return true;
        });
        // A part that no thread came to counts as well: the next page begins with the first record that was not read.
        var read = Array.IndexOf(isRead, false) is >= 0 and var first ? first : page.Length;
        return ([.. entries.Take(read).OfType<LogEntry>()], read);
    }
}
