using System.Text.Json;
using Steering.Engine.Interventions;
using SteeringServer.Errors;
using SteeringServer.Requests;

namespace SteeringServer.Features.Steering;

/// <summary>Reads the fields that a named and an inline vector have in common: how strongly, where in the network, when in the text, and what is done.</summary>
internal static class UseReader
{
    // Stands in until the caller knows the vector; never leaves this folder.
    private static readonly SteeringVector Unresolved = new() { Name = "", Version = 0, Sha256 = "", Tensors = [] };

    /// <returns>A use whose vector and reference the caller fills in.</returns>
    public static VectorUse Read(JsonFields fields, string path, bool readsSites = true)
    {
        if (fields.Has("when")) fields.Report("when", "conditions on a use are not supported by this server yet; leave it out, or decide in the "
            + "client", ErrorCode.Unsupported);
        return new VectorUse
        {
            Path = path,
            Vector = Unresolved,
            Reference = "",
            Strength = fields.Number("strength"),
            Unit = ReadUnit(fields),
            Sites = readsSites ? SiteReader.Read(fields) : [],
            Operation = ReadOperation(fields),
            Parameters = ReadParameters(fields),
            Apply = PositionReader.Read(fields),
            Schedule = ReadSchedule(fields),
            Renormalise = ReadRenormalise(fields),
        };
    }

    private static StrengthUnit? ReadUnit(JsonFields fields)
    {
        if (fields.String("unit") is not { } name) return null;
        if (SteeringNames.TryParse(name, out StrengthUnit unit)) return unit;
        fields.Report("unit", $"found {Found.Quote(name)}; expected one of {string.Join(", ", SteeringNames.Units)}{Nearest.Hint(name, SteeringNames.Units)}");
        return null;
    }

    private static Operation ReadOperation(JsonFields fields)
    {
        if (fields.String("op") is not { } name) return Operation.Add;
        if (SteeringNames.TryParse(name, out Operation operation)) return operation;
        string known = string.Join(", ", SteeringNames.Operations);
        if (name is "sae_edit" or "sae_delta") fields.Report("op", $"{name} is not supported by this server yet; it has {known}", ErrorCode.Unsupported);
        else fields.Report("op", $"found {Found.Quote(name)}; expected one of {known} (or ablate, erase, clamp){Nearest.Hint(name, SteeringNames.Operations)}");
        return Operation.Add;
    }

    private static OperationParameters ReadParameters(JsonFields fields)
    {
        if (fields.Take("params") is not { } value) return OperationParameters.None;
        var parameters = new JsonFields(value, fields.PathOf("params"), fields.Problems);
        string? mode = parameters.String("mode");
        if (mode is not (null or "relu" or "by" or "to"))
            parameters.Report("mode", $"found {Found.Quote(mode)}; expected relu (set_coordinate), or by or to (rotate)");
        var result = new OperationParameters
        {
            Value = parameters.Number("value"),
            Min = parameters.Number("min"),
            Max = parameters.Number("max"),
            ToDegrees = parameters.Number("to_degrees"),
            Relu = mode == "relu",
            Rotation = mode switch { "by" => RotationMode.By, "to" => RotationMode.To, _ => null },
        };
        parameters.RefuseOthers("params", "; it takes value, min, max, mode and to_degrees");
        return result;
    }

    private static Schedule ReadSchedule(JsonFields fields)
    {
        if (fields.Take("schedule") is not { } value) return Schedule.Constant;
        var schedule = new JsonFields(value, fields.PathOf("schedule"), fields.Problems);
        string? name = schedule.String("kind");
        ScheduleKind? kind = name switch
        {
            "constant" => ScheduleKind.Constant,
            "linear" => ScheduleKind.Linear,
            "exp" or "exponential" => ScheduleKind.Exponential,
            _ => null,
        };
        if (value.ValueKind == JsonValueKind.Object && kind is null)
            schedule.Report("kind", $"found {(name is null ? "nothing" : Found.Quote(name))}; expected constant, linear or exp");
        double? to = schedule.Number("to");
        int? over = schedule.Int("over", 1);
        schedule.RefuseOthers("a schedule", "; it takes kind, to and over");
        if (kind is null or ScheduleKind.Constant) return Schedule.Constant;
        if (!schedule.Has("to")) schedule.Report("to", "is missing: the strength at the end of the schedule");
        if (!schedule.Has("over")) schedule.Report("over", "is missing: the number of generated tokens the schedule takes");
        return to is null || over is null ? Schedule.Constant : new Schedule(kind.Value, to.Value, over.Value);
    }

    private static Renormalise ReadRenormalise(JsonFields fields)
    {
        string? name = fields.String("renormalise");
        if (name == "channel_over_sequence")
            fields.Report("renormalise", "channel_over_sequence reads other tokens of the sequence, which serving cannot do; use token", ErrorCode.Unsupported);
        else if (name is not (null or "none" or "token"))
            fields.Report("renormalise", $"found {Found.Quote(name)}; expected none or token");
        return name == "token" ? Renormalise.Token : Renormalise.None;
    }
}
