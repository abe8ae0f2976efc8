using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Amazon.Lambda.Serialization.SystemTextJson.Converters;

/// <summary>Reads ISO 8601 and Unix time: in seconds, or in milliseconds where seconds would lie past the year 5000.</summary>
public class DateTimeConverter : JsonConverter<DateTime>
{
    private const long SecondsTakenForMilliseconds = 157_753_180_800;

    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.TryGetDateTime(out var date))
        {
            return date;
        }

        if (reader.TokenType == JsonTokenType.Number)
        {
            return reader.TryGetInt64(out var whole)
                ? whole > SecondsTakenForMilliseconds
                    ? DateTime.UnixEpoch.AddMilliseconds(whole)
                    : DateTime.UnixEpoch.AddSeconds(whole)
                : DateTime.UnixEpoch.AddSeconds(reader.GetDouble());
        }

        throw new JsonSerializerException($"Unknown data type for DateTime: {reader.TokenType}");
    }

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}
