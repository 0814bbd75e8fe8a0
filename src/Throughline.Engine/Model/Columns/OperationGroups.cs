using System.Text;

namespace Throughline.Engine.Model.Columns;

/// <summary>What an operation is called: the same wherever it lies, and under whatever scope its spans came.</summary>
internal readonly record struct OperationKey(string Service, string Name, int Kind)
{
    /// <summary>By service, name and kind, texts by their code units.</summary>
    public static int Compare(in OperationKey a, in OperationKey b)
    {
        var order = string.CompareOrdinal(a.Service, b.Service);
        if (order == 0) order = string.CompareOrdinal(a.Name, b.Name);
        return order != 0 ? order : a.Kind.CompareTo(b.Kind);
    }
}

/// <summary>
/// The operations of a segment by what they are called, in order: made once for a segment, so that a count over many of them neither makes texts nor sorts. Immutable.
/// </summary>
internal sealed class OperationGroups
{
    private OperationGroups(OperationKey[] keys, int[] groupOf, long textBytes)
    {
        (Keys, GroupOf) = (keys, groupOf);
        MemoryBytes = (24L * keys.Length) + (4L * groupOf.Length) + textBytes;
    }

    /// <summary>What they are called, in the order of <see cref="OperationKey.Compare"/>, each once.</summary>
    public OperationKey[] Keys { get; }

    /// <summary>By number of the operation: its place in <see cref="Keys"/>.</summary>
    public int[] GroupOf { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long MemoryBytes { get; }

    /// <summary>The groups of a segment's table, whose texts are in these strings.</summary>
    public static OperationGroups Of(OperationTable table, ByteDictionary strings)
    {
        var texts = new Dictionary<int, string>();
        var textBytes = 0L;
        var (keys, numbers) = (new OperationKey[table.Count], new int[table.Count]);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = new OperationKey(Text(table.Service[i]), Text(table.Name[i]), table.Kind[i]);
            numbers[i] = i;
        }
        Array.Sort(keys, numbers, Comparer<OperationKey>.Create(static (a, b) => OperationKey.Compare(a, b)));
        var groupOf = new int[keys.Length];
        var groups = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (groups == 0 || keys[i] != keys[groups - 1]) keys[groups++] = keys[i];
            groupOf[numbers[i]] = groups - 1;
        }
        return new OperationGroups(groups == keys.Length ? keys : keys[..groups], groupOf, textBytes);

        string Text(int id)
        {
            if (texts.TryGetValue(id, out var known)) return known;
            textBytes += 24 + (2L * strings[id].Length);
            return texts[id] = Encoding.UTF8.GetString(strings[id]);
        }
    }
}
