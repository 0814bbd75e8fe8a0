namespace Throughline.Tests.Properties;

/// <summary>Small damage to bytes: flipped bits, bytes put in, taken out or changed, lengths made longer or shorter by one, a piece moved.</summary>
public static class Mutation
{
    /// <summary>One to three mutations of a copy.</summary>
    public static byte[] Apply(byte[] bytes, Random random)
    {
        var result = bytes.ToList();
        for (var n = random.Next(1, 4); n > 0 && result.Count > 0; n--) One(result, random);
        return [.. result];
    }

    private static void One(List<byte> bytes, Random random)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(6))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes.Insert(at, (byte)random.Next(256));
                break;
            case 2:
                bytes.RemoveAt(at);
                break;
            case 3:
                bytes[at] = (byte)random.Next(256);
                break;
            case 4:
                bytes[at] += (byte)(random.Next(2) == 0 ? 1 : 255);
                break;
            default:
                var piece = bytes.GetRange(at, Math.Min(random.Next(1, 30), bytes.Count - at));
                bytes.InsertRange(random.Next(bytes.Count), piece);
                break;
        }
    }
}
