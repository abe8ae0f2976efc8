namespace Company.Forwarder._1;

/// <summary>Some entries of a batch: a run of them, or those that are left of one.</summary>
public readonly struct Part
{
    private readonly Batch batch;
    private readonly int first;
    // The entries, if they are no run.
    private readonly IReadOnlyList<int>? picked;

    /// <param name="batch">The batch.</param>
    /// <param name="first">The first entry, from 0.</param>
    /// <param name="count">How many there are.</param>
    public Part(Batch batch, int first, int count)
        : this(batch, first, count, null)
    {
    }

    private Part(Batch batch, int first, int count, IReadOnlyList<int>? picked)
    {
        (this.batch, this.first, Count, this.picked) = (batch, first, count, picked);
    }

    /// <summary>How many entries it has.</summary>
    public int Count { get; }

    /// <summary>How many bytes they have.</summary>
    public int Length
    {
        get
        {
            if (picked is null)
                return batch.Body(first, Count).Length;
            var length = 0;
            for (var entry = 0; entry < Count; entry++)
                length += batch.Body(At(entry), 1).Length;
            return length;
        }
    }

    /// <summary>The line that an entry is, or is a part of, and whether it ends with it.</summary>
    public (int Line, bool IsLast) LineOf(int entry) => batch.LineOf(At(entry));

    /// <summary>Entries that follow each other.</summary>
    public Part Slice(int start, int count) => new(batch, first + start, count, picked);

    /// <summary>Some of the entries, in their order.</summary>
    public Part Pick(IReadOnlyList<int> entries)
    {
        var part = this;
        return new Part(batch, 0, entries.Count, [.. entries.Select(part.At)]);
    }

    /// <summary>Writes so many bytes of the entries.</summary>
    public void WriteTo(Stream body, int bytes)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (picked is null)
        {
            body.Write(batch.Body(first, Count).Span[..bytes]);
            return;
        }
        for (var entry = 0; entry < Count && bytes > 0; entry++)
        {
            var content = batch.Body(At(entry), 1).Span;
            body.Write(content[..Math.Min(content.Length, bytes)]);
            bytes -= content.Length;
        }
    }

    private int At(int entry) => picked is null ? first + entry : picked[first + entry];
}
