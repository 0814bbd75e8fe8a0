using Throughline.Engine.Model.Vectors;

namespace Throughline.Engine.Model.Columns;

/// <summary>A dictionary that lies in memory, of which each entry is asked about when a value names it.</summary>
internal sealed class MemoryDictionary(ByteDictionary entries) : EntryDictionary
{
    /// <inheritdoc/>
    public override int Count => entries.Count;

    /// <inheritdoc/>
    public override string Text(long number) => System.Text.Encoding.UTF8.GetString(entries[(int)number]);

    /// <inheritdoc/>
    public override EntryAnswers Ask(EntryTest test) => new MemoAnswers(entries, test);

    private sealed class MemoAnswers(ByteDictionary entries, EntryTest test) : EntryAnswers
    {
        private const byte No = 1;
        private const byte Yes = 2;

        // Two threads that ask at once find the same answer.
        private readonly byte[] _answers = new byte[entries.Count];

        public override long MemoryBytes => _answers.Length;

        public override bool Prepare(long smallest, long largest) => true;

        public override void Keep(NumberVector values, Span<ulong> places)
        {
            for (var word = 0; word < places.Length; word++)
            {
                for (var left = places[word]; left != 0; left &= left - 1)
                {
                    var bit = System.Numerics.BitOperations.TrailingZeroCount(left);
                    if (!Answer((int)values[(word << 6) + bit])) places[word] &= ~(1ul << bit);
                }
            }
        }

        public override bool Any()
        {
            for (var id = 0; id < _answers.Length; id++)
            {
                if (Answer(id)) return true;
            }
            return false;
        }

        private bool Answer(int id)
        {
            var answer = _answers[id];
            if (answer == 0) _answers[id] = answer = test.Holds(entries[id]) ? Yes : No;
            return answer == Yes;
        }
    }
}
