namespace Throughline.Engine.Model.Columns;

/// <summary>What a long read of a segment asks between its steps: whether to go on, and whether it may hold more memory. Both unwind by an exception. Thread safe.</summary>
internal interface IReadBounds
{
    /// <summary>Asked every few milliseconds of work: before a page is decoded, and between a thousand rows.</summary>
    void Check();

    /// <summary>Says that the read holds so many bytes more (or less) that no cache counts.</summary>
    void Charge(long bytes);
}
