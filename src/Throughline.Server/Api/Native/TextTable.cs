using System.Text;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Api.Native;

/// <summary>Texts of one answer, each once, numbered in order of first use. Not thread safe.</summary>
internal sealed class TextTable
{
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly ByteDictionary _strings;
    private readonly int[] _numberOfString;

    internal TextTable(ByteDictionary strings)
    {
        _strings = strings;
        _numberOfString = new int[strings.Count];
        Array.Fill(_numberOfString, -1);
    }

    /// <summary>The texts by number.</summary>
    internal IReadOnlyList<string> Texts => _texts;

    /// <summary>The number of a string of the batch.</summary>
    internal int NumberOf(int stringId)
    {
        ref var number = ref _numberOfString[stringId];
        if (number < 0) number = NumberOf(Encoding.UTF8.GetString(_strings[stringId]));
        return number;
    }

    /// <summary>The number of a text.</summary>
    internal int NumberOf(string text)
    {
        if (_numbers.TryGetValue(text, out var number)) return number;
        number = _texts.Count;
        _texts.Add(text);
        _numbers.Add(text, number);
        return number;
    }
}
