using System.Text;
using CsCheck;
using Throughline.Engine.Model.Columns;
using Throughline.Tests.Properties;

namespace Throughline.Tests.Model;

public sealed class ByteDictionaryTests
{
    // Few letters and lengths around those at which the hash reads in another way, so that values differ in one byte.
    private static readonly Gen<byte[]> Value = Gen.OneOf(Gen.Byte[0, 1].Array[0, 40], Gen.Byte.Array[0, 40]);

    [Fact]
    public void NumbersValuesInOrderOfArrivalEachOnce() => Property.Check(Value.Array[0, 400], 100, values =>
    {
        var dictionary = new ByteDictionary();
        var expected = new Dictionary<string, int>();
        foreach (var value in values)
        {
            var key = Convert.ToHexString(value);
            Assert.Equal(expected.GetValueOrDefault(key, -1), dictionary.Find(value));
            var isNew = expected.TryAdd(key, expected.Count);
            Assert.Equal(expected[key], dictionary.GetOrAdd(value, out var added));
            Assert.Equal(isNew, added);
        }
        Assert.Equal(expected.Count, dictionary.Count);
        Assert.Equal(expected.Keys.Sum(key => key.Length / 2), dictionary.SizeBytes);
        foreach (var (key, id) in expected) Assert.Equal(key, Convert.ToHexString(dictionary[id]));
    });

    [Fact]
    public void ASnapshotKeepsWhatThereWasWhileTheOwnerGoesOn()
    {
        var dictionary = new ByteDictionary();
        for (var i = 0; i < 50; i++) dictionary.GetOrAdd(Text(i));
        var snapshot = dictionary.Snapshot();
        for (var i = 50; i < 5000; i++) dictionary.GetOrAdd(Text(i));
        Assert.Equal(50, snapshot.Count);
        for (var i = 0; i < 50; i++) Assert.Equal(i, snapshot.Find(Text(i)));
        for (var i = 50; i < 5000; i++) Assert.Equal(-1, snapshot.Find(Text(i)));
    }

    [Fact]
    public void ClearForgetsAndTheIdsBeginAgain()
    {
        var dictionary = new ByteDictionary();
        for (var i = 0; i < 5000; i++) dictionary.GetOrAdd(Text(i));
        foreach (var keep in new[] { 1 << 20, 0 })
        {
            dictionary.Clear(keep);
            Assert.Equal((0, 0, -1), (dictionary.Count, dictionary.SizeBytes, dictionary.Find(Text(1))));
            Assert.Equal(0, dictionary.GetOrAdd(Text(4999)));
        }
    }

    [Fact]
    public void LoadTakesTheEntriesOver()
    {
        var dictionary = new ByteDictionary();
        dictionary.GetOrAdd("gone"u8);
        dictionary.Load("abbccc"u8, [1, 3, 3, 6]);
        Assert.Equal((4, 0, 1, 2, 3, -1), (dictionary.Count, dictionary.Find("a"u8), dictionary.Find("bb"u8), dictionary.Find(""u8), dictionary.Find("ccc"u8), dictionary.Find("gone"u8)));
        Assert.Equal(4, dictionary.GetOrAdd("d"u8));
    }

    [Fact]
    public void ManyValuesWithEqualWordsDoNotCollide()
    {
        // Were one factor of the hash's product known, the words below would make it 0 and all of these would share a slot: minutes instead of a moment.
        var dictionary = new ByteDictionary();
        var value = new byte[16];
        foreach (var word in new[] { 0x9E3779B97F4A7C15, 0xD6E8FEB86659FD93, 0ul, ulong.MaxValue })
        {
            BitConverter.TryWriteBytes(value.AsSpan(8), word);
            for (var i = 0ul; i < 200_000; i++)
            {
                BitConverter.TryWriteBytes(value, i);
                dictionary.GetOrAdd(value);
            }
        }
        Assert.Equal(800_000, dictionary.Count);
    }

    private static byte[] Text(int number) => Encoding.UTF8.GetBytes($"text {number}");
}
