using System.Text.Json;
using Amazon.Lambda.CloudWatchLogsEvents;

namespace Company.Forwarder._1;

/// <summary>An event that one of several destinations did not take: it is for that one only.</summary>
public sealed class EventForOne : CloudWatchLogsEvent
{
    /// <summary>The destination: the <see cref="DestinationChoice.Name"/> of its choice.</summary>
    public required string Destination { get; init; }

    /// <summary>The event of a record: for one destination if the record has the member <c>destination</c>, otherwise for all of them.</summary>
    /// <param name="record">The record.</param>
    /// <param name="envelope">The event in it.</param>
    public static CloudWatchLogsEvent Of(ReadOnlySpan<byte> record, CloudWatchLogsEvent envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var reader = new Utf8JsonReader(record);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isDestination = reader.ValueTextEquals("destination"u8);
            reader.Read();
            if (isDestination && reader.TokenType == JsonTokenType.String)
                return new EventForOne { Destination = reader.GetString()!, Awslogs = envelope.Awslogs };
            reader.Skip();
        }
        return envelope;
    }
}
