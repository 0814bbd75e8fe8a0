using Throughline.Engine.Model.Columns;

namespace Throughline.Engine.Query.Execution;

/// <summary>A yes-or-no question about dictionary entries, asked at most once of each. One query's own; not thread safe.</summary>
internal sealed class IdMemo(ByteDictionary dictionary, IdMemo.Test test)
{
    private const byte Unknown = 0;
    private const byte No = 1;
    private const byte Yes = 2;

    private readonly byte[] _answers = new byte[dictionary.Count];

    /// <summary>The question.</summary>
    public delegate bool Test(ReadOnlySpan<byte> entry);

    /// <summary>The answer for an entry.</summary>
    public bool this[int id]
    {
        get
        {
            var answer = _answers[id];
            if (answer == Unknown) _answers[id] = answer = test(dictionary[id]) ? Yes : No;
            return answer == Yes;
        }
    }
}
