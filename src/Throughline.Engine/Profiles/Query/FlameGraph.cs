namespace Throughline.Engine.Profiles.Query;

/// <summary>The windows that a sum is of, and the sum. Times are Unix nanoseconds, 0 where there is no window. Immutable.</summary>
public sealed record ProfileSum(long Value, int Windows, ulong FirstUnixNano, ulong LastUnixNano);

/// <summary>
/// Stacks merged by function, in pre-order: a frame, then all that it called, the largest first. Columns have one entry a frame. Immutable.
/// </summary>
/// <param name="Names">Names of functions; <see cref="Function"/> numbers them.</param>
/// <param name="Files">Of each function: its file or module, empty when it is not known.</param>
/// <param name="Depth">Frames above it.</param>
/// <param name="Self">What was sampled in the frame itself.</param>
/// <param name="Total">That, and what was sampled in all that it called.</param>
/// <param name="BaseSelf">The same in what it is compared with; empty when it is compared with nothing.</param>
/// <param name="BaseTotal">See <paramref name="BaseSelf"/>.</param>
/// <param name="FramesLeftOut">Frames, the smallest ones, that there was no room for; the values of the others have what was sampled in them.</param>
public sealed record FlameGraph(
    string[] Names, string[] Files, int[] Function, int[] Depth, long[] Self, long[] Total, long[] BaseSelf, long[] BaseTotal, ProfileSum Sum, ProfileSum? BaseSum, int FramesLeftOut);

/// <summary>What a function cost in all stacks. Immutable.</summary>
/// <param name="Self">What was sampled in the function itself.</param>
/// <param name="Total">What was sampled in stacks with the function in them, each once however often the function called itself.</param>
public sealed record FunctionCost(string Name, string File, long Self, long Total, long BaseSelf, long BaseTotal);

/// <summary>Functions in the order that was asked for. Immutable.</summary>
/// <param name="Count">How many there are in all.</param>
public sealed record FunctionCosts(IReadOnlyList<FunctionCost> Functions, int Count, ProfileSum Sum, ProfileSum? BaseSum);

/// <summary>A service's profiles of one type. Times are Unix nanoseconds. Immutable.</summary>
/// <param name="Value">The sum of the samples, where samples of spans were asked for; else null.</param>
public sealed record ProfiledType(string Service, string Type, string Unit, long Windows, ulong FirstUnixNano, ulong LastUnixNano, long? Value);

/// <summary>A label that series have. Immutable.</summary>
/// <param name="Count">Its different values in all.</param>
/// <param name="Values">Those with the most windows, the most first.</param>
public sealed record ProfiledLabel(string Key, int Count, IReadOnlyList<ProfiledLabelValue> Values);

/// <summary>A value of a label, and the windows of series that have it: one for each type of profile and set of labels. Immutable.</summary>
public sealed record ProfiledLabelValue(string Value, long Windows);

/// <summary>A trace with samples in a frame. Immutable.</summary>
/// <param name="Value">The sum of its samples that have the frame in their stack.</param>
/// <param name="Spans">Its spans that have such samples.</param>
public sealed record FrameTrace(Throughline.Engine.Model.TraceId TraceId, long Value, IReadOnlyList<ulong> Spans);

/// <summary>The traces of a frame, those with the largest value first. Immutable.</summary>
/// <param name="Count">How many there are in all.</param>
/// <param name="Value">The frame's value in all samples.</param>
/// <param name="Unlinked">The part of it in samples that name no trace.</param>
public sealed record FrameTraces(IReadOnlyList<FrameTrace> Traces, int Count, long Value, long Unlinked);
