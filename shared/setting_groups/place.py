"""Which installation this is, of which place, and for which year."""

from typing import Annotated

from pydantic import BaseModel, Field

from shared.setting_values import InstallationName, OptionalPath, PoolingArea


class PlaceSettings(BaseModel):
    """Which installation this is, of which place, and for which year."""

    secrets_dir: Annotated[
        OptionalPath,
        Field(
            description="存放密钥文件的目录：每个变量一个文件，文件名为变量名的小写 · "
            "folder with a file per secret variable, named like it in lower case"
        ),
    ] = None
    installation: Annotated[
        InstallationName,
        Field(description="本套系统的名称；也是消息主题的前缀 · names this installation; prefix of its topics"),
    ] = "local"
    sandbox: Annotated[
        bool,
        Field(
            description="本套系统是供联调的沙箱，只接受沙箱商户（canbao channels sandbox）；正式环境不得设置 · "
            "a sandbox for integrating: it serves merchants of canbao channels sandbox only; never set where it is live"
        ),
    ] = False
    region: Annotated[
        PoolingArea,
        Field(description="统筹区：省、市或县的行政区划代码 · the pooling area: province, city or county code"),
    ] = "411521"
    region_name: Annotated[
        str,
        Field(
            min_length=1,
            max_length=40,
            description="统筹区名称，显示给办事人员 · the pooling area's name, as shown to people",
        ),
    ] = "罗山县"
    benefit_year: Annotated[
        int, Field(ge=2000, le=2100, description="正在征缴的参保年度 · the benefit year being collected")
    ] = 2024
