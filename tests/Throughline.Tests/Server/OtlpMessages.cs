using Google.Protobuf;

namespace Throughline.Tests.Server;

/// <summary>Reads the server's hand-written protobuf answers with Google's parser, an independent one.</summary>
internal static class OtlpMessages
{
    /// <summary>google.rpc.Status.</summary>
    internal static (int Code, string Message, byte[]? Detail, string? DetailType) Status(byte[] bytes)
    {
        var (code, message) = (0, "");
        byte[]? detail = null;
        string? type = null;
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            switch (tag)
            {
                case 8: code = input.ReadInt32(); break;
                case 18: message = input.ReadString(); break;
                case 26:
                    var any = Google.Protobuf.WellKnownTypes.Any.Parser.ParseFrom(input.ReadBytes());
                    (type, detail) = (any.TypeUrl, any.Value.ToByteArray());
                    break;
                default: throw new InvalidDataException($"An unexpected tag {tag}.");
            }
        }
        return (code, message, detail, type);
    }

    /// <summary>ExportTraceServiceResponse; zero and empty when it has no partial success.</summary>
    internal static (long RejectedSpans, string Message) Export(byte[] bytes)
    {
        var result = (RejectedSpans: 0L, Message: "");
        var input = new CodedInputStream(bytes);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            Assert.Equal(10u, tag);
            var partial = new CodedInputStream(input.ReadBytes().ToByteArray());
            for (var inner = partial.ReadTag(); inner != 0; inner = partial.ReadTag())
            {
                switch (inner)
                {
                    case 8: result.RejectedSpans = partial.ReadInt64(); break;
                    case 18: result.Message = partial.ReadString(); break;
                    default: throw new InvalidDataException($"An unexpected tag {inner}.");
                }
            }
        }
        return result;
    }

    /// <summary>The delay in a google.rpc.RetryInfo.</summary>
    internal static TimeSpan RetryDelay(byte[] bytes)
    {
        var input = new CodedInputStream(bytes);
        Assert.Equal(10u, input.ReadTag());
        return Google.Protobuf.WellKnownTypes.Duration.Parser.ParseFrom(input.ReadBytes()).ToTimeSpan();
    }
}
