using Throughline.Engine.Logs;
using Throughline.Engine.Model;
using Throughline.Engine.Model.Columns;

namespace Throughline.Server.Process;

/// <summary>
/// Replaces the values of sensitive attributes (<see cref="SensitiveKeys"/>) by <c>[redacted]</c> in log records before anything is stored: on records, resources and scopes, and in bodies that are
/// maps or arrays, at any depth. A body that is a text is what its sender wrote, and is left alone. Not thread safe; reuse one per worker.
/// </summary>
public sealed class LogRedactor
{
    private readonly Redactor _attributes = new();
    private readonly BodyRedactor _bodies = new();
    private readonly Dictionary<int, (int Body, int Values)> _known = [];

    /// <summary>Redacts the batch and marks the rows; answers how many values were replaced.</summary>
    public int Redact(LogBatch batch)
    {
        var values = RedactBodies(batch);
        if (!_attributes.Begin(batch.Strings, batch.Blobs)) return values;
        values += _attributes.Redact(batch.Strings, batch.Blobs, batch.Attributes, index => Mark(batch, Redactor.OwnerOf(batch.AttributeOffset, index)));
        values += _attributes.Redact(batch.Strings, batch.Blobs, batch.Resources.Attributes, index => MarkAll(batch, batch.Resource, Redactor.OwnerOf(batch.Resources.AttributeOffset, index)));
        return values + _attributes.Redact(batch.Strings, batch.Blobs, batch.Scopes.Attributes, index => MarkAll(batch, batch.Scope, Redactor.OwnerOf(batch.Scopes.AttributeOffset, index)));
    }

    private int RedactBodies(LogBatch batch)
    {
        var values = 0;
        _known.Clear();
        for (var row = 0; row < batch.RowCount; row++)
        {
            if ((AttributeType)batch.BodyType[row] is not (AttributeType.KvList or AttributeType.Array)) continue;
            var body = batch.Body[row];
            if (!_known.TryGetValue(body, out var known))
            {
                var redacted = _bodies.Redact(batch.Strings[body], out var replaced);
                known = (replaced == 0 ? body : batch.Strings.GetOrAdd(redacted), replaced);
                _known.Add(body, known);
            }
            if (known.Values == 0) continue;
            batch.Body.Items[row] = known.Body;
            Mark(batch, row);
            values += known.Values;
        }
        return values;
    }

    private static void Mark(LogBatch batch, int row) => batch.Marks.Items[row] |= (byte)SpanMarks.Redacted;

    private static void MarkAll(LogBatch batch, Column<int> reference, int target)
    {
        var rows = reference.Span;
        for (var row = 0; row < rows.Length; row++)
        {
            if (rows[row] == target) Mark(batch, row);
        }
    }
}
