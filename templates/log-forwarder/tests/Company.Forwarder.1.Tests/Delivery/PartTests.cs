using System.Buffers;
using System.Text;
using Xunit;

namespace Company.Forwarder._1.Tests;

public sealed class PartTests
{
    [Theory]
    [InlineData(0, "a,b,c,d,")]
    [InlineData(1, "a,b,c,d")]
    public void Writes_a_run_of_entries_without_its_last_bytes(int left, string written)
    {
        using var batch = Create();

        Assert.Equal(written, Write(new Part(batch, 0, 4), left));
    }

    [Theory]
    [InlineData(new[] { 0, 2 }, 1, "a,c")]
    [InlineData(new[] { 3 }, 1, "d")]
    [InlineData(new[] { 1, 2, 3 }, 0, "b,c,d,")]
    [InlineData(new[] { 0, 1 }, 2, "a,")] // the whole last entry
    public void Writes_the_entries_that_were_picked_without_their_last_bytes(int[] entries, int left, string written)
    {
        using var batch = Create();

        Assert.Equal(written, Write(new Part(batch, 0, 4).Pick(entries), left));
    }

    [Fact]
    public void Picks_and_slices_of_what_was_picked_and_sliced()
    {
        using var batch = Create();
        var part = new Part(batch, 1, 3).Pick([0, 2]);

        Assert.Equal(("b,d,", 4, 2), (Write(part, 0), part.Length, part.Count));
        Assert.Equal("d,", Write(part.Slice(1, 1), 0));
        Assert.Equal("d,", Write(part.Slice(1, 1).Pick([0]), 0));
        Assert.Equal(13, part.LineOf(1).Line);
        Assert.Equal(0, part.Pick([]).Count);
    }

    private static Batch Create()
    {
        var batch = new Batch(new BatchLimits(1_000, 1_000, 1_000));
        foreach (var (i, letter) in "abcd".Index())
        {
            batch.Write(Encoding.UTF8.GetBytes($"{letter},"));
            batch.EndEntry(10 + i);
        }
        return batch;
    }

    private static string Write(Part part, int left)
    {
        using var body = new MemoryStream();
        part.WriteTo(body, part.Length - left);
        return Encoding.UTF8.GetString(body.ToArray());
    }
}
